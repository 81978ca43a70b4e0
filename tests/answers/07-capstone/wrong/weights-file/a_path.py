# misconception: file-missing
weights_file = "../07-capstone/evening.safetensors"
