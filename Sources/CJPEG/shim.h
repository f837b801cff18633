#ifndef CJPEG_SHIM_H
#define CJPEG_SHIM_H

#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/// libjpeg reports an error by a function that must not return, which takes a long jump that must not cross Swift
/// frames. The whole of decoding therefore happens inside one C function, which returns how it went.
///
/// The library's own source of bytes in memory makes up an end for files that lack one, and grey for what is missing.
/// The one below waits for more bytes instead, as Pillow's does, so that a file that is cut off is known as one.

/// Room for what libjpeg says, with the final zero.
enum { CJPEG_MESSAGE_SIZE = JMSG_LENGTH_MAX };

/// How decoding went.
enum cjpeg_outcome {
    /// The whole image was decoded.
    CJPEG_DECODED,
    /// The file ends before the image does.
    CJPEG_TRUNCATED,
    /// There is no going on; the message says why.
    CJPEG_BROKEN,
};

/// No encoder makes more scans; a small file of a hostile one can have thousands, each of the whole image.
enum { CJPEG_SCAN_LIMIT = 500 };

struct cjpeg_errors {
    struct jpeg_error_mgr base;
    jmp_buf jump;
    /// Receives the error, or else the first warning.
    char *message;
};

static inline void cjpeg_fail(j_common_ptr decoder) {
    struct cjpeg_errors *errors = (struct cjpeg_errors *)decoder->err;
    errors->base.format_message(decoder, errors->message);
    longjmp(errors->jump, 1);
}

static inline void cjpeg_note(j_common_ptr decoder, int level) {
    struct cjpeg_errors *errors = (struct cjpeg_errors *)decoder->err;
    // Levels from 0 on are no warnings.
    if (level < 0 && errors->base.num_warnings++ == 0) errors->base.format_message(decoder, errors->message);
}

static inline void cjpeg_print_nothing(j_common_ptr decoder) { (void)decoder; }

static inline void cjpeg_source_ignore(j_decompress_ptr decoder) { (void)decoder; }

static inline boolean cjpeg_source_wait(j_decompress_ptr decoder) {
    (void)decoder;
    return FALSE;
}

static inline boolean cjpeg_source_end(j_decompress_ptr decoder) {
    static const unsigned char end[] = {0xFF, JPEG_EOI};
    decoder->src->next_input_byte = end;
    decoder->src->bytes_in_buffer = sizeof end;
    return TRUE;
}

static inline void cjpeg_source_skip(j_decompress_ptr decoder, long count) {
    if (count <= 0) return;
    size_t step = (size_t)count < decoder->src->bytes_in_buffer ? (size_t)count : decoder->src->bytes_in_buffer;
    decoder->src->next_input_byte += step;
    decoder->src->bytes_in_buffer -= step;
}

static inline void cjpeg_limit_scans(j_common_ptr decoder) {
    if (((j_decompress_ptr)decoder)->input_scan_number <= CJPEG_SCAN_LIMIT) return;
    struct cjpeg_errors *errors = (struct cjpeg_errors *)decoder->err;
    snprintf(errors->message, CJPEG_MESSAGE_SIZE, "more than %d scans", CJPEG_SCAN_LIMIT);
    longjmp(errors->jump, 1);
}

/// One row of cyan, magenta, yellow and black, 255 being no ink as Adobe's programs write it, to red, green and blue;
/// with Pillow's rounding.
static inline void cjpeg_inks_to_rgb(const unsigned char *inks, unsigned char *rgb, unsigned width) {
    for (unsigned x = 0; x < width; ++x) {
        int light = inks[4 * x + 3];
        for (int channel = 0; channel < 3; ++channel) {
            int product = (255 - inks[4 * x + channel]) * light + 128;
            int value = light - ((product >> 8) + product >> 8);
            rgb[3 * x + channel] = (unsigned char)(value < 0 ? 0 : value);
        }
    }
}

/// Decodes a JPEG file to 8-bit RGB, with the accurate integer transform and the triangle filter for subsampled
/// colour; grey and inks (CMYK, YCCK) are converted.
///
/// @param bytes the whole file, `count` bytes
/// @param width,height the image's size, as its header has it
/// @param pixels receives `height * width * 3` bytes
/// @param lacks_end whether to read a file that was found to be cut off as one that lacks its end marker and nothing
///     else. Where parts of the image could be missing without a trace, and where anything is odd, it stays cut off
/// @param message receives one line if the file is broken, or the first warning, if there was one; else it is empty.
///     CJPEG_MESSAGE_SIZE bytes
static inline enum cjpeg_outcome cjpeg_decode_rgb(
    const unsigned char *bytes, size_t count, unsigned width, unsigned height, int lacks_end,
    unsigned char *pixels, char *message) {
    struct jpeg_decompress_struct decoder;
    struct cjpeg_errors errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;

    message[0] = 0;
    memset(&decoder, 0, sizeof decoder);
    decoder.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = cjpeg_fail;
    errors.base.emit_message = cjpeg_note;
    errors.base.output_message = cjpeg_print_nothing;
    errors.message = message;
    if (setjmp(errors.jump)) {
        jpeg_destroy_decompress(&decoder);
        return CJPEG_BROKEN;
    }
    jpeg_create_decompress(&decoder);
    memset(&progress, 0, sizeof progress);
    progress.progress_monitor = cjpeg_limit_scans;
    decoder.progress = &progress;
    source.next_input_byte = bytes;
    source.bytes_in_buffer = count;
    source.init_source = cjpeg_source_ignore;
    source.fill_input_buffer = lacks_end ? cjpeg_source_end : cjpeg_source_wait;
    source.skip_input_data = cjpeg_source_skip;
    source.resync_to_restart = jpeg_resync_to_restart;
    source.term_source = cjpeg_source_ignore;
    decoder.src = &source;

    enum cjpeg_outcome outcome = CJPEG_TRUNCATED;
    if (jpeg_read_header(&decoder, TRUE) == JPEG_HEADER_OK) {
        int has_inks = decoder.num_components == 4;
        decoder.out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
        decoder.dct_method = JDCT_ISLOW;
        if (decoder.image_width != width || decoder.image_height != height) {
            snprintf(message, CJPEG_MESSAGE_SIZE, "its frame headers differ");
            longjmp(errors.jump, 1);
        }
        // A scan that is missing as a whole would not be noticed.
        int may_lack_end = lacks_end && !jpeg_has_multiple_scans(&decoder);
        if ((may_lack_end || !lacks_end) && jpeg_start_decompress(&decoder)) {
            JSAMPARRAY inks = has_inks ? decoder.mem->alloc_sarray(
                (j_common_ptr)&decoder, JPOOL_IMAGE, width * 4, 1) : NULL;
            while (decoder.output_scanline < height) {
                unsigned char *row = pixels + (size_t)decoder.output_scanline * width * 3;
                if (jpeg_read_scanlines(&decoder, has_inks ? inks : &row, 1) != 1) break;
                if (has_inks) cjpeg_inks_to_rgb(inks[0], row, width);
            }
            if (decoder.output_scanline == height) {
                int has_end = jpeg_finish_decompress(&decoder);
                if (!has_end && !message[0]) snprintf(message, CJPEG_MESSAGE_SIZE, "no end marker");
                if (!lacks_end || errors.base.num_warnings == 0) outcome = CJPEG_DECODED;
            }
        }
    }
    jpeg_destroy_decompress(&decoder);
    return outcome;
}

/// Encodes 8-bit RGB as a baseline JPEG file, colours as fine as lightness.
///
/// @param pixels `height * width * 3` bytes
/// @param quality from 1 to 100
/// @param bytes,count receive the file, which is to be given back to `free`, if the answer is 1
/// @param message receives one line if the answer is 0; CJPEG_MESSAGE_SIZE bytes
static inline int cjpeg_encode_rgb(
    const unsigned char *pixels, unsigned width, unsigned height, int quality, unsigned char **bytes,
    unsigned long *count, char *message) {
    struct jpeg_compress_struct encoder;
    struct cjpeg_errors errors;

    message[0] = 0;
    *bytes = NULL;
    *count = 0;
    memset(&encoder, 0, sizeof encoder);
    encoder.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = cjpeg_fail;
    errors.base.emit_message = cjpeg_note;
    errors.base.output_message = cjpeg_print_nothing;
    errors.message = message;
    if (setjmp(errors.jump)) {
        jpeg_destroy_compress(&encoder);
        free(*bytes);
        *bytes = NULL;
        return 0;
    }
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, bytes, count);
    encoder.image_width = width;
    encoder.image_height = height;
    encoder.input_components = 3;
    encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, quality, TRUE);
    encoder.optimize_coding = TRUE;
    for (int component = 0; component < encoder.num_components; ++component) {
        encoder.comp_info[component].h_samp_factor = 1;
        encoder.comp_info[component].v_samp_factor = 1;
    }
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)encoder.next_scanline * width * 3);
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return 1;
}

#endif
