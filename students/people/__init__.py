"""Students and those who look after them: caseloads, concerns, notes, two numbers of one child."""
