"""The worker: leases jobs over HTTP and runs them. It knows neither Django, nor the database, nor torch."""
