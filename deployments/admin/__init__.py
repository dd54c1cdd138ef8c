"""The web pages for guild owners and operators. Importing a module here registers its model."""
