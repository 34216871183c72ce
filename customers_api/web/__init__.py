"""How HTTP is done here, for every contract: access, input, answers, errors, the reference."""
