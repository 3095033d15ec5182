"""Makes resources/samples/digits from scikit-learn's digits: python packaging/make_digits.py

Needs scikit-learn and Pillow. The same versions write the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"

LICENSE = """\
The images in the folder "digits"

Origin
  Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository,
  https://doi.org/10.24432/C50P49, licensed under the Creative Commons Attribution 4.0 International licence
  (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/.

  The 1,797 images are the test set of that collection, as contained in scikit-learn (sklearn.datasets.load_digits),
  whose licence is below.

Changes
  The values 0 to 16 were scaled to 0 to 255 and every image was saved as an 8 by 8 grayscale PNG, in a folder named
  after its digit. packaging/make_digits.py in the source of this program does that.

scikit-learn (BSD 3-Clause License)

  Copyright (c) 2007-2026 The scikit-learn developers.
  All rights reserved.

  Redistribution and use in source and binary forms, with or without
  modification, are permitted provided that the following conditions are met:

  * Redistributions of source code must retain the above copyright notice, this
    list of conditions and the following disclaimer.

  * Redistributions in binary form must reproduce the above copyright notice,
    this list of conditions and the following disclaimer in the documentation
    and/or other materials provided with the distribution.

  * Neither the name of the copyright holder nor the names of its
    contributors may be used to endorse or promote products derived from
    this software without specific prior written permission.

  THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
  AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
  IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
  DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
  FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
  DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
  SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
  CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
  OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
  OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""


def write_digits(folder: Path) -> None:
    """Replace `folder` by one folder a digit; images are numbered in the order of the collection."""
    shutil.rmtree(folder, ignore_errors=True)
    images, labels = load_digits(return_X_y=True)
    counts = [0] * 10
    for values, digit in zip(images.reshape(-1, 8, 8), labels.tolist(), strict=True):
        path = folder / str(digit) / f"{counts[digit]:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.rint(values * 255 / 16).astype(np.uint8)
        Image.fromarray(pixels).save(path, optimize=True)
        counts[digit] += 1


if __name__ == "__main__":
    write_digits(SAMPLES / "digits")
    (SAMPLES / "digits-LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
