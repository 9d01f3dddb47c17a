"""The agent (代理): the front-end's process that fetches the office's instructions, carries them out, and reports.

tray      what is kept on disk: folders, a state a directory       `Tray`; `folders` for their names
intake    verified and kept, or refused                            `take_in`
carrying  one instruction, through the journeys                    `carry_out`
working   the tray, one instruction after the other                `Worker`
telling   reports into the tray                                    `Teller`
remarks   what this machine's own log says of an instruction       `received`, `done`, `failed`
schedule  what is collected without the office                     `Daily`
running   fetching, working, reporting, heartbeats                 `Agent`
rooms     what it is given                                         `Rooms`
outside   what it reaches, and whom it tells                       `Outside`, `Setting`

It only calls out, and does nothing that the department's own people could not do at this machine: the catalogue, the
gate and the sources' passwords are the department's. Must never open a connection or a key itself, nor believe an
instruction that it has not verified.
"""

from gateway.agent.folders import Key, State
from gateway.agent.outside import Outside, Setting
from gateway.agent.rooms import Rooms
from gateway.agent.running import Agent
from gateway.agent.schedule import Daily
from gateway.agent.tray import Tray

__all__ = ["Agent", "Daily", "Key", "Outside", "Rooms", "Setting", "State", "Tray"]
