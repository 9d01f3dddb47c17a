"""Monitoring: what Prometheus, Alertmanager and Grafana need of this product. It reads; nothing it watches reads it.

exporter/      metrics of one node, for Prometheus to scrape (`yizhan exporter`)
prometheus/    recording and alerting rules, and their tests
alertmanager/  grouping, inhibition, routes, and the words of the messages
dashboards/    builds grafana/ from code; needs the development dependencies
grafana/       the dashboards, and how to provision them
"""
