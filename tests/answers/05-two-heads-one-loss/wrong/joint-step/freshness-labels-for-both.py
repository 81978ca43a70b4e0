# misconception: wrong-result
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    optimizer.zero_grad()
    a, b = model(images)
    (loss_weights[0] * F.cross_entropy(a, rotten) + loss_weights[1] * F.cross_entropy(b, rotten)).backward()
    optimizer.step()
