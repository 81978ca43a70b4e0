# misconception: wrong-result
weights_file = Path("evening.safetensors")
