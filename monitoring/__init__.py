"""Monitoring: what Prometheus, Alertmanager and Grafana need of this product. Reads, and is never read by what it watches.

Nothing stands here yet: freshness is served by `yizhan status` until the exporter, its rules and dashboards arrive.
"""
