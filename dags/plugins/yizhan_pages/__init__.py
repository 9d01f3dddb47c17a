"""Pages for people in Airflow: a batch's ledger lines, and a period as the centre's board has it.

answers   what the office interface says, read                `BatchStory`, `PeriodRow`
view      that as HTML; pure                                  `ledger_html`, `period_html`, `failure_html`
app       the pages as Airflow serves them, after its log-in  `make_app`

Airflow's plugin loader leaves this folder out (.airflowignore): yizhan_ledger.py imports it where it is wanted.
"""
