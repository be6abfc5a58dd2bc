"""Language understanding: the components of config.yml's pipeline, in the order they run.

normalizer → tokenizer → (Rasa's featurizers, char_ngrams) → classifier → selector → fallback → gate
"""
