"""Takes pictures with PyAV in one process, the way its users do: seek, decode to the time, save.

Usage: pyav_take.py exact|keyframe VIDEO FOLDER WIDTH SECONDS...   (WIDTH 0 keeps the size)
"""

import sys

import av

mode, video, folder, width, *times = sys.argv[1:]
with av.open(video) as container:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    if mode == "keyframe":
        stream.codec_context.skip_frame = "NONKEY"
    for number, time in enumerate(map(float, times)):
        container.seek(int(time / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            if mode == "keyframe" or frame.time + 1e-6 >= time:
                break
        image = frame.to_image(width=int(width), height=int(width) * frame.height // frame.width) \
            if int(width) else frame.to_image()
        image.save(f"{folder}/pyav-{number:03}.jpg", quality=85)
