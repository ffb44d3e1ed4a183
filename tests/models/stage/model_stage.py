"""Plays the test pattern and tells what was done to it: the model of most whole-stack tests."""

import os
import threading
import time
from typing import Any, Literal

from pydantic import Field

from reactor_runtime import VideoModel, command, get_ctx
from support import pattern


class Stage(VideoModel):
    def __init__(self, fps: float = 24, width: int = 320, height: int = 192, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fps, self.size = fps, (width, height)
        self.sessions = self.finished = 0
        self.last_end = ""

    def start_session(self) -> None:
        self.sessions += 1
        self.number, self.end = 0, ""
        get_ctx().send({"type": "status", "data": {"status": "generating"}})
        try:
            self._play()
            self.last_end = "returned"
        except BaseException as error:
            self.last_end = type(error).__name__
            raise
        finally:
            self.finished += 1

    def _play(self) -> None:
        ctx = get_ctx()
        next_s = time.monotonic()
        while self.end != "finish":
            if self.end == "fail":
                raise ValueError("the stage burns")
            if self.end == "crash":
                os._exit(3)
            ctx.emit_frame(pattern.draw(self.number, *self.size))
            self.number += 1
            next_s = max(next_s + 1 / self.fps, time.monotonic() - 0.1)
            time.sleep(max(0.0, next_s - time.monotonic()))

    @command("tell", description="Tell about this instance.")
    def tell(self) -> None:
        get_ctx().send(
            {
                "type": "instance",
                "data": {
                    "pid": os.getpid(),
                    "sessions": self.sessions,
                    "finished": self.finished,
                    "last_end": self.last_end,
                    "frames": self.number,
                    "command_thread": threading.current_thread() is threading.main_thread(),
                    "cwd": os.getcwd(),  # noqa: PTH109
                },
            }
        )

    @command("finish", description="Return from start_session.")
    def finish(self, how: Literal["finish", "fail", "crash"] = "finish") -> None:
        self.end = how

    @command("resize", description="Emit another size from now on.")
    def resize(self, width: int = Field(..., ge=16, le=1920), height: int = Field(..., ge=16, le=1080)) -> None:
        self.size = (width, height)

    @command("raise", description="Fail.")
    def fail(self) -> None:
        raise RuntimeError("the handler fell over")

    @command("mirror", description="Send back what came.")
    def mirror(self, text: str) -> None:
        get_ctx().send({"type": "mirror", "data": {"text": text}})

    # --- the shapes seen in public front ends ---

    def _called(self, name: str, **arguments: Any) -> None:
        get_ctx().send({"type": "called", "data": {"command": name, "arguments": arguments}})

    @command("schedule_prompt", description="Prompt from a frame on.")
    def schedule_prompt(self, new_prompt: str = Field(...), timestamp: int = Field(0, ge=0)) -> None:
        self._called("schedule_prompt", new_prompt=new_prompt, timestamp=timestamp)

    @command("start", description="Start.")
    def start(self) -> None:
        self._called("start")

    @command("reset", description="Start over.")
    def reset(self) -> None:
        self._called("reset")

    @command("control", description="Keys.")
    def control(self, mouse_key: str = "", keyboard_key: str = "") -> None:
        self._called("control", mouse_key=mouse_key, keyboard_key=keyboard_key)

    @command("set_starting_image", description="First picture.")
    def set_starting_image(self, base64_image: str, image_id: str | None = None) -> None:
        self._called("set_starting_image", base64_image=base64_image, image_id=image_id)

    @command("set_prompt", description="What to show.")
    def set_prompt(self, prompt: str = Field(..., min_length=1)) -> None:
        self._called("set_prompt", prompt=prompt)

    @command("set_denoising_step_list", description="Steps.")
    def set_denoising_step_list(self, denoising_step_list: list[int]) -> None:
        self._called("set_denoising_step_list", denoising_step_list=denoising_step_list)

    @command("set_mouse_speed", description="Speed.")
    def set_mouse_speed(self, mouse_speed: float = Field(1.0, ge=0)) -> None:
        self._called("set_mouse_speed", mouse_speed=mouse_speed)

    @command("set_timesteps", description="Steps.")
    def set_timesteps(self, step1: int, step2: int, step3: int) -> None:
        self._called("set_timesteps", step1=step1, step2=step2, step3=step3)

    @command("send_keyboard_state", description="Keys held.")
    def send_keyboard_state(  # noqa: PLR0917 - as public models have it
        self,
        w: bool = False,
        a: bool = False,
        s: bool = False,
        d: bool = False,
        q: bool = False,
        e: bool = False,
    ) -> None:
        self._called("send_keyboard_state", w=w, a=a, s=s, d=d, q=q, e=e)

    @command("use_agent", description="Let the agent play.")
    def use_agent(self, use_agent: bool) -> None:
        self._called("use_agent", use_agent=use_agent)
