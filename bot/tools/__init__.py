"""The tools: what works an answer out instead of looking it up (deadlines, numbers, the words of a law, …)."""
