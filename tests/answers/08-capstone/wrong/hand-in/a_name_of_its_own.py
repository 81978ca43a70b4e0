# misconception: other-parameters
def hand_in(model):
    save_file(model.state_dict(), "evening.safetensors")
