package api

func (s *Server) planRoutes() []declared { return nil }
