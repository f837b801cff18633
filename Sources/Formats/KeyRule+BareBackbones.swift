// A ResNet or ResNeXt alone, as in files of weights trained on ImageNet. Variables as for torchvision: s
// stage (2–5), i block (from 0), k layer (from 1).

extension KeyRule {
    /// The names of torchvision, timm and MMDetection.
    static let torchvisionResNet: [KeyRule] = [
        .layer("backbone.stem", "conv1"),
        .norm("backbone.stem.norm", "bn1"),
        .layer("backbone.c{s}.{i}.conv{k}", "layer{s-1}.{i}.conv{k}"),
        .norm("backbone.c{s}.{i}.conv{k}.norm", "layer{s-1}.{i}.bn{k}"),
        .layer("backbone.c{s}.{i}.shortcut", "layer{s-1}.{i}.downsample.0"),
        .norm("backbone.c{s}.{i}.shortcut.norm", "layer{s-1}.{i}.downsample.1"),
    ]

    /// The names of detectron2.
    static let detectron2ResNet: [KeyRule] = [
        .layer("backbone.stem", "stem.conv1"),
        .norm("backbone.stem.norm", "stem.conv1.norm"),
        .layer("backbone.c{s}.{i}.conv{k}", "res{s}.{i}.conv{k}"),
        .norm("backbone.c{s}.{i}.conv{k}.norm", "res{s}.{i}.conv{k}.norm"),
        .layer("backbone.c{s}.{i}.shortcut", "res{s}.{i}.shortcut"),
        .norm("backbone.c{s}.{i}.shortcut.norm", "res{s}.{i}.shortcut.norm"),
    ]

    /// The names of Caffe2, without the last word of a name, which has other separators there (see
    /// ``BareBackbone``).
    static let caffe2ResNet: [KeyRule] =
        [
            .layer("backbone.stem", "conv1"),
            .norm("backbone.stem.norm", "res_conv1_bn"),
            .layer("backbone.c{s}.{i}.shortcut", "res{s}_{i}_branch1"),
            .norm("backbone.c{s}.{i}.shortcut.norm", "res{s}_{i}_branch1_bn"),
        ]
        + zip(["a", "b", "c"], 1...).flatMap { letter, convolution in
            [
                KeyRule.layer("backbone.c{s}.{i}.conv\(convolution)", "res{s}_{i}_branch2\(letter)"),
                .norm("backbone.c{s}.{i}.conv\(convolution).norm", "res{s}_{i}_branch2\(letter)_bn"),
            ]
        }
}
