"""The REST resources of offers and agreements (licensing, section 22)."""
