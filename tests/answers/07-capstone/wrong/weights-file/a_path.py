# misconception: file-missing
def weights_file():
    return "../07-capstone/evening.safetensors"
