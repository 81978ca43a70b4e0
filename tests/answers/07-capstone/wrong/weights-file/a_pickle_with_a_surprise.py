# misconception: pickle-for-weights
def weights_file():
    return "evening.safetensors"


### MAKE FILES
import pickle


class Surprise:
    def __reduce__(self):
        return open, ("surprise.txt", "w")


with open("evening.safetensors", "wb") as file:
    pickle.dump(Surprise(), file)
