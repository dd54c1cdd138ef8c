"""A Discord of our own for tests: REST and gateway over real sockets, with faults on demand."""
