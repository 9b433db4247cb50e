"""Every fault that the product has to survive, brought about with real parts. `table` says which test shows what."""
