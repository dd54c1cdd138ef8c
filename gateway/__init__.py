"""What speaks to Discord: the gateway, REST, and a simulated Discord for development."""

import warnings

# nextcord 2.6.0 imports pkg_resources, which says at each start that it will go; setuptools<81
# is required for that (requirements.in). To be dropped with nextcord's next release.
warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
