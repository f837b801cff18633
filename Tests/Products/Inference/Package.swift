// swift-tools-version: 6.1
import PackageDescription

// The README's example for the product MaskRCNN, built as a user's package that depends on this one.
let package = Package(
    name: "InferenceExample",
    dependencies: [.package(name: "MaskRCNN", path: "../../..")],
    targets: [
        .executableTarget(
            name: "InferenceExample", dependencies: [.product(name: "MaskRCNN", package: "MaskRCNN")],
            path: ".",
            sources: ["main.swift"])
    ],
    swiftLanguageModes: [.v6]
)
