"""The code inside a worker process: stdlib, py_mini_racer, msgspec; never Django or a network."""
