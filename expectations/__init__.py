"""What every table promises: fields, table contracts, and the Great Expectations suites compiled from them."""
