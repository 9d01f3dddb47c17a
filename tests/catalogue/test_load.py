"""Loading: the sample stands, and every fault is refused with its place and the nearest valid name."""

import pytest

from gateway.calendar import Cadence, JudgedBy, Period
from gateway.catalogue import Level, Mode, bind, load, read
from gateway.errors import ConfigFaults, ConfigInvalid, ConfigMissing, UnknownName
from gateway.records.types import FieldType, Unit

from .conftest import SITE, SMALL, line_of, overrides


def test_the_sample_county_holds_its_three_feeds_and_the_departments_of_the_plan(sample, adapters):
    catalogue = load(sample, adapters)
    assert catalogue.region == "430482"
    assert [(c.id, c.level) for c in catalogue.centres] == [("changning", Level.COUNTY)]
    assert {feed.id for feed in catalogue.feeds} == {"finance.onecard", "civil.dibao", "agri.village_finance"}
    assert {"finance", "civil", "agri"} < {department.id for department in catalogue.departments}
    assert len(catalogue.departments) >= 30


@pytest.mark.parametrize(
    ("rule", "cadence", "judged_by", "period", "expected"),
    [
        ("livelihood_funds", Cadence.MONTHLY, JudgedBy.ACCEPTED, "2017-12", "2018-01-31T23:59:59+08:00"),
        ("poverty_relief", Cadence.QUARTERLY, JudgedBy.ACCEPTED, "2017Q4", "2018-01-31T23:59:59+08:00"),
        ("village_finance", Cadence.QUARTERLY, JudgedBy.ACCEPTED, "2018Q1", "2018-04-30T23:59:59+08:00"),
        ("comparison_data", Cadence.MONTHLY, JudgedBy.LANDED, "2017-12", "2018-01-10T23:59:59+08:00"),
    ],
)
def test_the_four_feed_classes_of_article_18_are_due_when_it_says(
    sample, adapters, rule, cadence, judged_by, period, expected
):
    found = load(sample, adapters).schedule(rule)
    assert (found.newest.cadence, found.newest.judged_by) == (cadence, judged_by)
    assert found.due(Period.parse(period)).isoformat() == expected
    assert "第十八条" in found.newest.article


def test_a_feed_is_resolved_to_its_rule_period_fields_and_limits(spoilt, adapters):
    feed = load(spoilt("limits: {rows: 1000}", "limits: {rows: 1000}"), adapters).feed("finance.onecard")
    assert (feed.schedule.id, str(feed.starts), feed.mode) == ("monthly", "2026-10", Mode.SNAPSHOT)
    assert (feed.limits.rows, feed.limits.seconds) == (1000, 3600)
    assert [field.name for field in feed.fields] == ["serial_no", "amount", "state"]
    assert (feed.fields[1].type, feed.fields[1].unit, feed.fields[1].source) == (FieldType.MONEY, Unit.YUAN, "金额")
    assert (feed.fields[2].values, feed.fields[2].meanings) == (("0", "1"), (("0", "待发"), ("1", "成功")))
    assert (feed.adapter, feed.source_config) == ("sftp", None)


@pytest.mark.parametrize(
    ("piece", "by", "near"),
    [
        ('region: "430482"\ncentres', 'regoin: "430482"\ncentres', "region"),
        ("level: county", "levle: county", "level"),
        ("contact: 社会", "contacts: 社会", "contact"),
        ("title: 月报, cadence", "title: 月报, cadense", "cadence"),
        ("    mode: snapshot", "    modes: snapshot", "mode"),
        ("unit: yuan", "units: yuan", "unit"),
        ("limits: {rows", "limits: {row", "rows"),
        ("path: /out", "pathh: /out", "path"),
        ("sums: {amount", "sum: {amount", "sums"),
    ],
)
def test_an_unknown_key_is_refused_at_every_depth_with_its_line_and_the_nearest(
    spoilt, adapters, faults_of, piece, by, near
):
    path = spoilt(piece, by)
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(path, adapters)
    expected = f"{path}:{line_of(piece)}"
    said = [fault.message("en") for fault in faults_of(refused.value) if str(fault.facts["place"]) == expected]
    assert any("unknown key" in text and f"nearest is {near}" in text for text in said), said


@pytest.mark.parametrize(
    ("piece", "by", "said"),
    [
        ("    due: monthly", "    due: monthy", "unknown due rule monthy; nearest is monthly"),
        ("routes: [changning]", "routes: [changnin]", "unknown centre changnin; nearest is changning"),
        ("routes: [changning]", "routes: [changning, changning]", "changning stands twice in routes"),
        ("routes: [changning]", "routes: []", "routes must have at least 1 items"),
        ("key: [serial_no]", "key: [serialno]", "unknown field serialno; nearest is serial_no"),
        ("key: [serial_no]", "key: [serial_no, serial_no]", "serial_no stands twice in key"),
        ("    amount: amount", "    amount: amout", "unknown field amout; nearest is amount"),
        ("    amount: amount", "    amount: state", "state is not of type money"),
        ("id: finance.onecard", "id: civil.onecard", "the id must begin with the department: finance.…"),
        ("id: finance.onecard", "id: Finance.OneCard", "id must be <department>.<name>"),
        ("    starts: 2026-10", "    starts: 2026Q3", "starts does not fit due rule monthly, which is monthly"),
        ("    starts: 2026-10", "    starts: 2026-13", "starts is not a period"),
        ("    starts: 2026-10", "    starts: 2026", "starts does not fit due rule monthly"),
        ("    starts: 2026-10", "    starts: true", "starts must be text"),
        ("adapter: sftp", "adapter: sfpt", "unknown adapter sfpt; nearest is sftp"),
        ("source:\n      adapter: sftp", "source:\n      marker: x", "source lacks key adapter"),
        ("    mode: snapshot", "    mode: snapshots", "mode must be snapshot or increment; nearest is snapshot"),
        ("cadence: quarterly", "cadence: quaterly", "nearest is quarterly"),
        ("type: integer", "type: intger", "nearest is integer"),
        ("required: true, source: 序号", "required: yes, source: 序号", "fields[0].required must be true or false"),
        ("limits: {rows: 1000}", 'limits: {rows: "1000"}', "limits.rows must be a whole number"),
        ("limits: {rows: 1000}", "limits: {rows: 1.5}", "limits.rows must be a whole number"),
        ("limits: {rows: 1000}", "limits: {rows: 0}", "limits.rows must be at least 1"),
        ("limits: {rows: 1000}", "limits: [rows]", "limits must be a mapping"),
        ("line: first", "line: frist", "format.totals.line must be first or last; nearest is first"),
        ("kind: delimited", "kind: delimted", "format kind must be dbf or delimited or fixed or sheet or xml; nearest"),
        ("kind: delimited, ", "", "format lacks the key kind"),
        ("rows: 1, sums", "rows: one, sums", "format.totals.rows must be a whole number"),
        ("unit: yuan", "unit: 万元", "unit must be"),
        ("type: integer", "type: integer, unit: yuan", "unit is for type money only"),
        ("type: integer", "type: decimal", "a decimal needs precision and scale"),
        ("type: integer", "type: decimal, precision: 4, scale: 5", "scale must not exceed precision"),
        ("name: state", "name: amount", "two fields have the name amount"),
        ("source: 状态", "source: 金额", "two fields have the source 金额"),
        ("name: state", "name: _state", "name must be a lower-case name"),
        ('"430482", contact', '"430481", contact', "region 430481 is not inside 430482"),
        ('"430482", contact', "430482, contact", "region must be text; quote a code that looks like a number"),
        ('"430482", contact', '"4304", contact', "region must be a region code of 6, 9 or 12 digits"),
        ("id: civil", "id: finance", "duplicate department finance, first at"),
        ("id: quarterly", "id: monthly", "duplicate due rule monthly, first at"),
        ("title: 季报, cadence: quarterly", "title: 季报, cutoff: 25:00, cadence: quarterly", "cutoff must be HH:MM"),
        ("title: 季报, cadence: quarterly", "title: 季报, days_after: 3, cadence: quarterly", "only days_after"),
    ],
)
def test_a_wrong_value_or_reference_is_refused_on_its_line(spoilt, adapters, faults_of, piece, by, said):
    path = spoilt(piece, by)
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(path, adapters)
    faults = faults_of(refused.value)
    assert any(said in fault.message("en") for fault in faults), refused.value
    assert f"{path}:{line_of(piece)}" in {str(fault.facts["place"]) for fault in faults}


@pytest.mark.parametrize("key", ["title: 发放清册", "starts: 2026-10", "mode: snapshot", "key: [serial_no]"])
def test_a_missing_key_is_named(spoilt, adapters, faults_of, key):
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(spoilt(f"    {key}\n", ""), adapters)
    assert any(f"key {key.split(':')[0]} is missing" in fault.message("en") for fault in faults_of(refused.value))


def test_a_catalogue_without_a_region_is_refused(spoilt, adapters):
    with pytest.raises(ConfigInvalid, match="key region is missing"):
        load(spoilt('region: "430482"\ncentres', "centres"), adapters)


def test_all_faults_of_all_files_are_told_at_once_in_the_order_of_the_files(tmp_path, adapters):
    (tmp_path / "a.yaml").write_text(
        SMALL.replace("mode: snapshot", "mode: all").replace("level: county", "level: town")
    )
    (tmp_path / "b.yaml").write_text("feeds: [\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text('region: "430482"\ndepartment: []\n', encoding="utf-8")
    (tmp_path / "d.yml").write_text("feeds: []\n", encoding="utf-8")
    with pytest.raises(ConfigFaults) as refused:
        load(tmp_path, adapters)
    places = [str(fault.facts["place"]) for fault in refused.value.faults]
    files = ["a.yaml", "a.yaml", "b.yaml", "c.yaml", "c.yaml", "d.yml"]
    assert [place.rpartition("/")[2].partition(":")[0] for place in places] == files
    for language in ("zh", "en"):
        assert all(place in refused.value.message(language) for place in places)


def test_a_broken_feed_file_does_not_hide_the_others_faults_nor_invent_new_ones(tmp_path, adapters, faults_of):
    (tmp_path / "all.yaml").write_text(SMALL.replace("id: monthly, title: 月报", "id: monthly, titel: 月报"))
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(tmp_path, adapters)
    assert not [fault for fault in faults_of(refused.value) if "unknown due rule" in fault.message("en")]


def test_an_id_given_in_two_files_is_refused_and_both_places_are_named(tmp_path, adapters):
    (tmp_path / "a.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "b.yaml").write_text('centres:\n  - {id: changning, title: 又一个, level: city, region: "430400"}\n')
    with pytest.raises(ConfigInvalid) as refused:
        load(tmp_path, adapters)
    assert f"{tmp_path}/b.yaml:2" in str(refused.value)
    assert f"{tmp_path}/a.yaml:3" in str(refused.value)


@pytest.mark.parametrize(
    ("region", "inside"), [("430482001", True), ("430400", True), ("430582", False), ("440482", False)]
)
def test_a_citys_catalogue_takes_the_departments_of_its_counties_only(tmp_path, adapters, region, inside):
    city = SMALL.replace('region: "430482"\ncentres', 'region: "430400"\ncentres')
    (tmp_path / "x.yaml").write_text(city.replace('"430482", contact', f'"{region}", contact'), encoding="utf-8")
    if inside:
        assert load(tmp_path, adapters).department("civil").region == region
    else:
        with pytest.raises(ConfigInvalid, match=f"region {region} is not inside 430400"):
            load(tmp_path, adapters)


def test_nothing_there_is_missing_not_empty(tmp_path, adapters):
    with pytest.raises(ConfigMissing):
        load(tmp_path / "nowhere", adapters)
    with pytest.raises(ConfigMissing):
        load(tmp_path, adapters)


def test_the_digest_follows_the_content_and_not_the_files(tmp_path, adapters, spoilt):
    whole = load(spoilt("limits: {rows: 1000}", "limits: {rows: 1000}  # 说明"), adapters)
    head, _, feeds = SMALL.partition("feeds:\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "z.yaml").write_text(head, encoding="utf-8")
    (tmp_path / "parts" / "a.yaml").write_text("feeds:\n" + feeds, encoding="utf-8")
    assert load(tmp_path / "parts", adapters).digest == whole.digest
    (tmp_path / "parts" / "z.yaml").write_text(_departments_swapped(head), encoding="utf-8")
    assert load(tmp_path / "parts", adapters).digest == whole.digest
    assert load(spoilt("limits: {rows: 1000}", "limits: {rows: 1001}"), adapters).digest != whole.digest


def _departments_swapped(text):
    lines = text.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if "id: finance" in line)
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    return "".join(lines)


@pytest.mark.parametrize(
    ("piece", "by", "said"),
    [
        ("monthly, months_after: 1, day: last", "monthly, months_after: 1, day: 31", "day 应为 1 至 28,月底写 last"),
        ("contact: 社会救助股}", "people: [{id: p1, post: 股长, duties: [aprove]}]}", "最接近的是 approve"),
        ("title: 月报, cadence", "title: 月报, remind_days: [9999], cadence", "remind_days[0] 不能大于 60"),
        ("title: 月报, cadence", "title: 月报, remind_days: [], cadence", "remind_days 至少要有 1 项"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_fault(spoilt, adapters, faults_of, piece, by, said):
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(spoilt(piece, by), adapters)
    (fault,) = faults_of(refused.value)
    assert said in fault.message("zh")


@pytest.mark.parametrize(
    ("rhythm", "wanted"),
    [
        ("cadence: event, hours_after: 24", "(按事件)不符,应写作 2026-10-01T0000"),
        ("cadence: weekly, days_after: 3", "(每周)不符,应写作 2026-W40"),
        ("cadence: half_yearly, days_after: 3", "(每半年)不符,应写作 2026H2"),
    ],
)
def test_a_first_period_of_another_rhythm_is_told_with_the_form_wanted(spoilt, adapters, rhythm, wanted):
    with pytest.raises(ConfigInvalid) as refused:
        load(spoilt("cadence: monthly, months_after: 1, day: last", rhythm), adapters)
    assert wanted in refused.value.message("zh")


def test_a_name_that_is_near_none_is_refused_without_a_nearest(sample, adapters):
    with pytest.raises(UnknownName) as refused:
        load(sample, adapters).feed("xyzzy")
    assert refused.value.message("zh") == "没有这个归集事项:xyzzy。"
    assert refused.value.message("en") == "no such feed: xyzzy."


@pytest.mark.parametrize("kind", ["feed", "department", "centre", "schedule"])
def test_asking_for_an_unknown_name_names_the_nearest(sample, adapters, kind):
    catalogue = load(sample, adapters)
    asked = {"feed": "finance.onecrd", "department": "finnance", "centre": "changnin", "schedule": "livelihood_fund"}[
        kind
    ]
    near = {"feed": "finance.onecard", "department": "finance", "centre": "changning", "schedule": "livelihood_funds"}[
        kind
    ]
    with pytest.raises(UnknownName) as refused:
        getattr(catalogue, kind)(asked)
    assert refused.value.facts["near"] == near
    assert getattr(catalogue, kind)(near).id == near


def test_the_sites_part_completes_a_source(tmp_path, adapters, spoilt):
    path = spoilt("limits: {rows: 1000}", "limits: {rows: 1000}")
    config = load(path, adapters, overrides(tmp_path, SITE)).feed("finance.onecard").source_config
    assert (config.host, config.port, config.path) == ("10.1.2.3", 2222, "/out/{yyyymm}.txt")
    assert (config.format.totals.rows, config.format.totals.sums) == (3, {"amount": 2})
    assert load(path, adapters, overrides(tmp_path, SITE)).digest == load(path, adapters).digest


@pytest.mark.parametrize(
    ("piece", "by", "line", "said"),
    [
        ("    user: yizhan\n", "", 2, "key user is missing"),
        ("port: 2222", "prot: 2222", 4, "unknown key prot; nearest is port"),
        ("port: 2222", "port: no", 4, "port must be a whole number"),
        ("totals: {rows: 3}", "totals: {rowz: 3}", 8, "unknown key rowz; nearest is rows"),
        ("finance.onecard", "finance.onecrad", 2, "unknown feed finance.onecrad; nearest is finance.onecard"),
        ("host: 10.1.2.3", "adapter: soap", 3, "adapter must be sftp"),
    ],
)
def test_a_fault_of_the_sites_part_is_told_at_its_place_in_the_site_file(
    tmp_path, adapters, spoilt, faults_of, piece, by, line, said
):
    path = spoilt("limits: {rows: 1000}", "limits: {rows: 1000}")
    with pytest.raises((ConfigInvalid, ConfigFaults)) as refused:
        load(path, adapters, overrides(tmp_path, SITE.replace(piece, by)))
    found = {str(fault.facts["place"]): fault.message("en") for fault in faults_of(refused.value)}
    assert said in found[f"{tmp_path}/site.yaml:{line}"]


def test_layout_may_not_be_left_to_the_site(spoilt, adapters):
    with pytest.raises(ConfigInvalid, match="key path is missing"):
        load(spoilt("      path: /out/{yyyymm}.txt\n", ""), adapters)


def test_bind_gives_the_model_when_all_is_right(tmp_path, adapters):
    whole = "{kind: delimited}\n    adapter: sftp\n    path: /x\n"
    (tmp_path / "one.yaml").write_text(SITE.replace("{totals: {rows: 3}}\n", whole))
    assert bind(read(tmp_path / "one.yaml").child("sources", "finance.onecard"), adapters["sftp"]).port == 2222


COUNTY_SITE = """\
sources:
  finance.onecard:
    host: 127.0.0.1
    user: yizhan
    host_key: SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    password: env:ONECARD_PASSWORD
  civil.dibao:
    wsdl: http://127.0.0.1:8080/dibao?wsdl
  agri.village_finance:
    connection: Driver=SQLite3;Database=/data/agri.db
"""


def test_the_samples_sources_are_whole_once_each_site_names_its_connection(tmp_path, sample, adapters):
    catalogue = load(sample, adapters, overrides(tmp_path, COUNTY_SITE))
    assert {feed.source_config.adapter for feed in catalogue.feeds} == {"sftp", "soap", "odbc"}


def test_a_field_of_the_source_totals_is_a_field_of_the_feed(sample, adapters, tmp_path):
    feed = load(sample, adapters, overrides(tmp_path, COUNTY_SITE)).feed("finance.onecard")
    assert set(feed.source_config.format.totals.sums) <= {field.name for field in feed.fields}
