"""A wire-level Oracle test server: TNS packets and TTC messages spoken to the real python-oracledb, SQL run on DuckDB.

Source of every layout here: the driver's own published sources (python-oracledb, `src/oracledb/impl/thin`), read for
what it sends and what it expects back. So it proves what the driver, and the adapter above it, do with that wire data;
it does not prove what a real Oracle does. Loopback and tests alone; the same tests run against a real database when
YIZHAN_TEST_ORACLE_DSN, _USER and _PASSWORD are set.

Read in this order: packets (TNS framing), primitives (how TTC writes numbers, strings, dates), negotiation,
authentication, calls (what a client asks), database (what DuckDB answers), results (how an answer is written), session
(one client from connect to log-off), server.
"""
