"""Templates: those of the product, and a person's own."""
