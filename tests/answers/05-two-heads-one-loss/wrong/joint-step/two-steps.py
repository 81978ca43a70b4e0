# misconception: wrong-result
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    for task, labels in enumerate((fruit, rotten)):
        loss = loss_weights[task] * F.cross_entropy(model(images)[task], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
