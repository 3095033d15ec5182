"""One update of a network in formulas: trees of symbols and the engine's own numbers, without any drawing."""
