#ifndef CPNG_SHIM_H
#define CPNG_SHIM_H

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/// libpng reports an error by a long jump out of the call that found it, which must not cross Swift frames.
/// The whole of decoding therefore happens inside one C function, which returns how it went.
///
/// libpng's simplified API would need no such function, but it blends alpha with a background, takes 16-bit
/// samples to be linear light, and corrects gamma. A detector wants the stored samples.

/// Room for what libpng says of an error or a warning, with the final zero.
enum { CPNG_MESSAGE_SIZE = 128 };

/// Where decoding stands: what libpng reads from, and where its complaints go.
struct cpng_source {
    const unsigned char *bytes;
    size_t count;
    size_t position;
    char *message;
    /// Whether zlib's checksum over the pixels is wrong.
    volatile int is_damaged;
};

static inline void cpng_read(png_structp png, png_bytep destination, size_t count) {
    struct cpng_source *source = (struct cpng_source *)png_get_io_ptr(png);
    if (count > source->count - source->position) png_error(png, "the file ends too early");
    memcpy(destination, source->bytes + source->position, count);
    source->position += count;
}

static inline void cpng_fail(png_structp png, png_const_charp message) {
    struct cpng_source *source = (struct cpng_source *)png_get_error_ptr(png);
    snprintf(source->message, CPNG_MESSAGE_SIZE, "%s", message);
    png_longjmp(png, 1);
}

/// Keeps the first warning.
static inline void cpng_note(png_structp png, png_const_charp message) {
    struct cpng_source *source = (struct cpng_source *)png_get_error_ptr(png);
    int is_damage = strstr(message, "incorrect data check") != NULL;
    if (is_damage) source->is_damaged = 1;
    if (is_damage || !source->message[0]) snprintf(source->message, CPNG_MESSAGE_SIZE, "%s", message);
}

/// Decodes the first image of a PNG file to 8-bit RGB: alpha dropped, the high byte of 16-bit samples,
/// palettes and small greys expanded, no colour management.
///
/// As Pillow does, it asks for sound checksums of what comes before the pixels. Of the pixels zlib's own is enough, and
/// what comes after them need not be there.
///
/// @param bytes the whole file, `count` bytes
/// @param width,height the image's size, as its header has it
/// @param pixels receives `height * width * 3` bytes
/// @param message receives one line: what is wrong, if the answer is 0, or what is odd; else it is empty.
///     CPNG_MESSAGE_SIZE bytes
/// @return 1 if the whole image was read, 0 otherwise
static inline int cpng_decode_rgb(
    const unsigned char *bytes, size_t count, png_uint_32 width, png_uint_32 height,
    unsigned char *pixels, char *message) {
    struct cpng_source source = {bytes, count, 0, message, 0};
    volatile int is_complete = 0;
    message[0] = 0;
    png_structp png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, cpng_fail, cpng_note);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        snprintf(message, CPNG_MESSAGE_SIZE, "libpng could not start");
        png_destroy_read_struct(&png, NULL, NULL);
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return is_complete && !source.is_damaged;
    }
    png_set_read_fn(png, &source, cpng_read);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Profiles, texts and the like are not even unpacked: nothing below looks at them.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    png_set_crc_action(png, PNG_CRC_WARN_USE, PNG_CRC_WARN_USE);

    int colour = png_get_color_type(png, info);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (!(colour & PNG_COLOR_MASK_COLOR)) {
        png_set_expand_gray_1_2_4_to_8(png);
        png_set_gray_to_rgb(png);
    }
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);

    size_t row_size = (size_t)width * 3;
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height ||
        png_get_rowbytes(png, info) != row_size) {
        png_error(png, "the header contradicts itself");
    }
    for (int pass = 0; pass < passes; ++pass) {
        for (png_uint_32 row = 0; row < height; ++row) {
            png_read_row(png, pixels + row * row_size, NULL);
        }
    }
    is_complete = 1;
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    return !source.is_damaged;
}

/// No file that libpng's simplified API writes of this image is larger. (The macro casts, which Swift does not
/// import.)
static inline size_t cpng_encoded_size_limit(const png_image *image) {
    return PNG_IMAGE_PNG_SIZE_MAX(*image);
}

#endif
