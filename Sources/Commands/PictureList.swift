import Formats
import Foundation

/// The pictures that a command line names: files as they are, folders by the pictures in them.
struct PictureList {
    /// In the order given; those of a folder sorted by name.
    let paths: [String]

    /// - Throws: `FileError` for a name that does not exist or a folder without pictures.
    init(_ arguments: [String]) throws {
        var paths: [String] = []
        for argument in arguments {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) else {
                throw FileError(path: argument, fault: "does not exist")
            }
            guard isFolder.boolValue else {
                paths.append(argument)
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: argument) else {
                throw FileError(path: argument, fault: "cannot be read")
            }
            let pictures = names.filter {
                !$0.hasPrefix(".")
                    && ["png", "jpg", "jpeg"].contains(($0 as NSString).pathExtension.lowercased())
            }
            guard !pictures.isEmpty else {
                throw FileError(path: argument, fault: "has no PNG or JPEG pictures")
            }
            paths += pictures.sorted().map { (argument as NSString).appendingPathComponent($0) }
        }
        self.paths = paths
    }
}

/// The ids of pictures in result files, and the names under which their overlays are written.
struct PictureIdentifiers {
    /// One id a picture.
    let identifiers: [Int]
    /// One name a picture, all different, without extension.
    let pictureNames: [String]

    /// - Parameter required: whether a picture without an id is an error.
    /// - Throws: `FileError` for a picture without an id, or two with the same one.
    init(_ paths: [String], annotations: String?, required: Bool) throws {
        let stems = paths.map { (($0 as NSString).lastPathComponent as NSString).deletingPathExtension }
        var taken: [String: Int] = [:]
        pictureNames = stems.map { stem in
            taken[stem, default: 0] += 1
            return taken[stem] == 1 ? stem : "\(stem)-\(taken[stem] ?? 0)"
        }
        guard required else {
            identifiers = Array(paths.indices)
            return
        }
        let listed = try annotations.map { try AnnotatedImages(path: $0) }
        var seen: [Int: String] = [:]
        identifiers = try zip(paths, stems).map { path, stem in
            let identifier: Int
            if let listed {
                let name = (path as NSString).lastPathComponent
                guard let id = listed.identifiers[name] else {
                    throw FileError(path: path, fault: "is not among the images of '\(listed.path)'")
                }
                identifier = id
            } else {
                let digits = String(stem.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
                guard let number = Int(digits) else {
                    throw FileError(
                        path: path,
                        fault: "has a name that ends in no number; rename it, or give ids with --annotations")
                }
                identifier = number
            }
            if let other = seen.updateValue(path, forKey: identifier) {
                throw FileError(path: path, fault: "has the id \(identifier), as '\(other)' has")
            }
            return identifier
        }
    }
}

/// The images that a COCO annotation file lists.
private struct AnnotatedImages {
    let path: String
    /// Ids by file name.
    let identifiers: [String: Int]

    init(path: String) throws {
        struct File: Decodable {
            struct Entry: Decodable {
                let id: Int
                let fileName: String

                enum CodingKeys: String, CodingKey {
                    case id
                    case fileName = "file_name"
                }
            }
            let images: [Entry]
        }
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileError(path: path, fault: "cannot be read")
        }
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            throw FileError(
                path: path, fault: "is no COCO annotation file: it has no list of images with ids")
        }
        var identifiers: [String: Int] = [:]
        for entry in file.images { identifiers[(entry.fileName as NSString).lastPathComponent] = entry.id }
        self.identifiers = identifiers
    }
}
