def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    def closure():
        optimizer.zero_grad()
        logits = model(images)
        loss = sum(w * F.cross_entropy(z, y) for w, z, y in zip(loss_weights, logits, (fruit, rotten)))
        loss.backward()
        return loss

    optimizer.step(closure)
