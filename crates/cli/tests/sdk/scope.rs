//! What the product speaks today: the operations that an SDK has to exercise, and the ways to do it.

/// A dialect, its driver, and what the driver has to exercise.
#[derive(Debug)]
pub struct Dialect {
    /// Its name for people.
    pub name: &'static str,
    /// The driver's file below `py`.
    pub driver: &'static str,
    /// Whether the SDK speaks TLS alone.
    pub is_tls: bool,
    /// How many videos the driver works with.
    pub video_count: usize,
    /// Every operation.
    pub operations: &'static [&'static str],
    /// Method and signature of each way that every operation is to be exercised in.
    pub ways: &'static [(&'static str, &'static str)],
}

/// All dialects that SDKs exist for.
pub const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "Tencent Cloud VOD, legacy API v2",
        driver: "tencent_legacy.py",
        is_tls: true,
        video_count: 4,
        operations: &[
            "ConfirmEvent",
            "ConfirmVodEvent",
            "ConvertVodFile",
            "CreateImageSprite",
            "CreateSnapShotByTime",
            "CreateSnapshotByTimeOffset",
            "DeleteVideo",
            "DeleteVodFile",
            "GetTaskInfo",
            "GetTaskList",
            "GetVideoInfo",
            "MultiPullVideoFromUrl",
            "MultiPullVodFile",
            "ProcessFile",
            "PullEvent",
            "PullVodEvent",
            "SnapShotByTime",
            "TranscodeVideo",
        ],
        ways: &[("GET", "HmacSHA1"), ("GET", "HmacSHA256"), ("POST", "HmacSHA1"), ("POST", "HmacSHA256")],
    },
    Dialect {
        name: "Tencent Cloud VOD, API 2018-07-17",
        driver: "tencent_2018.py",
        is_tls: false,
        video_count: 7,
        operations: &[
            "ConfirmEvents",
            "CreateImageSpriteTemplate",
            "CreateSampleSnapshotTemplate",
            "CreateSnapshotByTimeOffsetTemplate",
            "DeleteImageSpriteTemplate",
            "DeleteMedia",
            "DeleteSampleSnapshotTemplate",
            "DeleteSnapshotByTimeOffsetTemplate",
            "DescribeEventConfig",
            "DescribeEventsState",
            "DescribeImageSpriteTemplates",
            "DescribeMediaInfos",
            "DescribeSampleSnapshotTemplates",
            "DescribeSnapshotByTimeOffsetTemplates",
            "DescribeTaskDetail",
            "DescribeTasks",
            "ManageTask",
            "ModifyEventConfig",
            "ModifyImageSpriteTemplate",
            "ModifyMediaInfo",
            "ModifySampleSnapshotTemplate",
            "ModifySnapshotByTimeOffsetTemplate",
            "ProcessMedia",
            "PullEvents",
        ],
        ways: &[
            ("GET", "HmacSHA1"),
            ("GET", "HmacSHA256"),
            ("GET", "TC3-HMAC-SHA256"),
            ("POST", "HmacSHA1"),
            ("POST", "HmacSHA256"),
            ("POST", "TC3-HMAC-SHA256"),
            ("POST", "TC3-HMAC-SHA256 UNSIGNED-PAYLOAD"),
        ],
    },
    Dialect {
        name: "Alibaba Cloud ApsaraVideo VOD 2017-03-21",
        driver: "alibaba.py",
        is_tls: false,
        video_count: 2,
        operations: &["GetVideoInfo", "ListSnapshots", "SubmitSnapshotJob"],
        ways: &[("GET", "HMAC-SHA1 (V1)"), ("POST", "HMAC-SHA1 (V1)")],
    },
];
