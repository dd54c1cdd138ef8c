"""What scripts may ask of Discord beside answers to interactions: one table of routes.

Each row is a request of Discord's API that concerns one guild only, with what it takes. The
methods of `rest` and `discord.request` are the same table, asked by name and by path.
"""
