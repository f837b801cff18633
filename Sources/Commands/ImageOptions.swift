import ArgumentParser
import Formats
import Scenes
import Tensors

/// How picture files are read: the same option for every command that compares pictures with annotations, or could.
struct ImageOptions: ParsableArguments {
    @Flag(
        help: """
            Take pictures as they are stored, not turned as EXIF says: for annotations of programs that do not \
            look at EXIF.
            """)
    var ignoreOrientation = false

    /// Whether pictures are turned.
    var turning: ImageFile.Turning { ignoreOrientation ? .asStored : .upright }

    /// Reads the picture at `path`, or the one that ships with the project, and says what is odd about the file.
    func read(_ path: String?) throws -> Image { try readPicture(path, turning: turning) }
}

/// Reads the picture at `path`, or the one that ships with the project, and says what is odd about the file.
func readPicture(_ path: String?, turning: ImageFile.Turning = .upright) throws -> Image {
    let path = path ?? shippedPicturePath
    let file = try ImageFile(contentsOf: path, turning: turning)
    if let remark = file.remark { say("! \(path): \(remark)") }
    return file.image
}

/// Where the picture is that commands take without one.
var shippedPicturePath: String { ShippedScene.path }
