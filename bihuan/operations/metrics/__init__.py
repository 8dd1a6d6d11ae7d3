"""Numbers for Prometheus: counted while serving (`instruments`) and read from the database when asked (`gauges`)."""
