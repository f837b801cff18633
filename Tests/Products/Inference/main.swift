import MaskRCNN

let loaded = try LoadedModel(contentsOf: "maskrcnn.safetensors")
let classes = loaded.model.classes
for instance in loaded.model.detect(try Image(contentsOf: "street.jpg")) {
    print(classes.name(of: instance.label), instance.score, instance.box, instance.mask?.area ?? 0)
}
