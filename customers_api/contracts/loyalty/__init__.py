"""The loyalty contract: /loyalty, customers known by UUID, with what a loyalty programme asks."""
