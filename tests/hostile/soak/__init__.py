"""Two real server processes, a bad network before each, and everything killed now and then, as long as one likes."""
