# misconception: file-missing
weights_file = "../08-capstone/evening.safetensors"
