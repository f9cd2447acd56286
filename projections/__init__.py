"""Read models: each a table, a fold and its queries; the runner keeps them up to date."""
