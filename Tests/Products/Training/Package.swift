// swift-tools-version: 6.1
import PackageDescription

// The README's example for the product MaskRCNNTraining, built as a user's package that depends on this one.
let package = Package(
    name: "TrainingExample",
    dependencies: [.package(name: "MaskRCNN", path: "../../..")],
    targets: [
        .executableTarget(
            name: "TrainingExample", dependencies: [.product(name: "MaskRCNNTraining", package: "MaskRCNN")],
            path: ".",
            sources: ["main.swift"])
    ],
    swiftLanguageModes: [.v6]
)
