"""Monitoring: what Prometheus, Alertmanager and Grafana need of this product. It reads; nothing it watches reads it.

Nothing stands here yet: freshness is served by `yizhan status` until the exporter, its rules and dashboards arrive.
"""
