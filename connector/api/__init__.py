"""What other systems call: Gentrack's signed events come in here."""
