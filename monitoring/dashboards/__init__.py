"""The Grafana dashboards, as code: four of them, written to `monitoring/grafana` by `python -m monitoring.dashboards`.

A developer's tool: it needs grafana-foundation-sdk, which the product does not ship with. Nothing of the product may
import this package; what is installed at a site is the JSON alone. It must never ask a Prometheus or a Grafana.
"""
