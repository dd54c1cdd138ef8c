"""Every limit at its borders: none, one, one less than allowed, allowed, one more.

What only fits where its part is tested stands there: a turn's CPU, time and memory, and operations
under way in tests/worker/test_borders.py; requests to Discord in tests/gateway/test_rest.py;
requests to the internet in tests/fetch/test_client.py; key-value data in tests/kv/test_limits.py;
cron jobs in tests/schedule/test_operations.py.
"""
