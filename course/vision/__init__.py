"""Pictures and networks: the fruit stalls, the species, and the backbones."""
