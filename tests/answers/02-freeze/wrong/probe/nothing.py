# misconception: nothing-returned
def probe(model, images, frozen, evaluating, without_grad):
    print(model(images).requires_grad)
