# misconception: file-missing
weights_file = "my-evening.safetensors"
