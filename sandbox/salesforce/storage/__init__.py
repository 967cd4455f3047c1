"""Where records live: one DuckDB table an object, in memory or in a file."""
