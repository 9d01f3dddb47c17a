"""Who watches a front-end for months goes by the catalogue that came meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.app.observing import ObservedFrontEnd
from gateway.demo.county import County
from gateway.publication import Shelf, take
from monitoring.exporter.watch import Watch
from tests.publication.conftest import Department


def test_the_exporter_looks_at_the_version_in_force(department: Department, county: County, tmp_path: Path) -> None:
    site = shutil.copytree(county.front_end("agri"), tmp_path / "agri")
    with (site / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("agent: {catalogue_from: changning}\n")
    watch = Watch(site, {})
    assert isinstance(watch.node, ObservedFrontEnd) and watch.node.catalogue_version is None
    take(department.paper(3), department.taker)
    shutil.copytree(department.shelf.root, Shelf(root=site / "catalogues" / "changning").root)
    watch.look()
    assert watch.node.catalogue_version == 3
    assert watch.node.catalogue_place == site / "catalogues" / "changning" / "3" / "files"
    watch.close()
